SwaggerUIBundle({ url: "/schema/openapi.json", dom_id: "#swagger-ui", validatorUrl: null });
